"""One problem being proposed: the environment owns the rules, a policy owns the choices."""
