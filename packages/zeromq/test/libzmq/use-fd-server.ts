// Serves on the listening socket that it inherited as descriptor 3, and echoes. Arguments: implementation, type, endpoint.
import { implementation, type Name } from './implementations.ts'
import { raw } from './raw-options.ts'

const [, , name, type, endpoint = ''] = process.argv
const zmq = await implementation(name as Name)
const useFd = 89

if (type === 'Server') {
  const socket = new zmq.Server()
  raw(socket).setInt32Option(useFd, 3)
  await socket.bind(endpoint)
  process.send?.('bound')
  for (;;) {
    const [message, { routingId }] = await socket.receive()
    await socket.send(message, { routingId })
  }
}
const socket = new zmq[type as 'Reply' | 'Pair']()
raw(socket).setInt32Option(useFd, 3)
await socket.bind(endpoint)
process.send?.('bound')
for (;;) await socket.send(await socket.receive())
