"""What Python programs call: `import agentprop` gives these functions, each imported when it is first used."""
