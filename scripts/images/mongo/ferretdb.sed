# The official driver asks for `skipEmptyExchange`, as every current one does: a conversation that MongoDB
# completes with the client's last message must be marked as done. FerretDB 1 waits for one more message.
s|"done", valid, // for compatibility.*|"done", conv.Valid(),|
