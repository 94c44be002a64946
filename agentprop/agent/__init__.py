"""How one problem comes to be: the environment owns the rules, a policy owns the choices."""
