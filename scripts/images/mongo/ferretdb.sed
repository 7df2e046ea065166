# The official driver asks for `skipEmptyExchange`, as every current one does: a conversation that MongoDB
# completes with the client's last message must be marked as done. FerretDB 1 waits for one more message.
s|"done", valid, // for compatibility.*|"done", conv.Valid(),|
# MongoDB finds and changes a document in one step. FerretDB 1 finds it, and writes it by its `_id` later: of two
# who compare and set, both succeed. Commands that write wait for each other.
s|^\t"sync/atomic"$|\t"sync"\n&|
s|^// handleOpMsg processes.*|var writes sync.Mutex\n\n&|
s|^\t\treturn cmd.Handler(connCtx, msg)$|\t\tswitch command {\n\t\tcase "insert", "update", "delete", "findAndModify":\n\t\t\twrites.Lock()\n\t\t\tdefer writes.Unlock()\n\t\t}\n\n&|
