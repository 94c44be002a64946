"""Models that answer conversations: any OpenAI-compatible server, a local server started for the run, or a script.

    settings = resolve("teacher")                          # agentprop.toml, a path, MODEL@BASE_URL, a hub id
    with serving(settings, run / "server.log") as up:      # only if settings.local; otherwise use them as they are
        models = Models(cache=ReplyCache(run / "replies.sqlite"))
        model = models.open("teacher", up)
        reply = await model.reply(Request((Message("user", "Hello"),)))

The names are imported from the modules that have them: the built-in proposer needs no server, and loads no client.
"""
