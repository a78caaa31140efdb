// Node's HTTP without what a hub is never asked for: an `import` of "node:http" reads all of its exports, and for one of
// them, WebSocket, Node loads a second HTTP client. That would be a tenth of a push that finds nothing to do.
export const { Agent, request } = process.getBuiltinModule('node:http')
