// Chapter 4: a broker of named services, which workers register with and clients ask by name (Majordomo, RFC 7 and 8).
import { Dealer, Request, Router } from 'zeromq'

const [client, worker] = ['MDPC01', 'MDPW01']
const [ready, request, reply, disconnect] = ['\u0001', '\u0002', '\u0003', '\u0005']
const broker = new Router()
await broker.bind('tcp://127.0.0.1:*')
const services = new Map<string, { free: Buffer[]; waiting: Buffer[][] }>()
const serving = new Map<string, string>()

function service(name: string): { free: Buffer[]; waiting: Buffer[][] } {
  const known = services.get(name) ?? { free: [], waiting: [] }
  services.set(name, known)
  return known
}
async function dispatch(name: string): Promise<void> {
  const { free, waiting } = service(name)
  while (free.length > 0 && waiting.length > 0) {
    const [to = Buffer.alloc(0), [from = Buffer.alloc(0), ...body] = []] = [free.shift(), waiting.shift()]
    await broker.send([to, '', worker, request, from, '', ...body])
  }
}
async function fromClient(sender: Buffer, name: string, body: Buffer[]): Promise<void> {
  if (name === 'mmi.service') {
    const status = service(String(body[0])).free.length > 0 ? '200' : '404'
    return broker.send([sender, '', client, name, status])
  }
  service(name).waiting.push([sender, ...body])
  await dispatch(name)
}
async function fromWorker(sender: Buffer, command: string, rest: Buffer[]): Promise<void> {
  const key = sender.toString('hex')
  if (command === ready) serving.set(key, String(rest[0]))
  const name = serving.get(key)
  if (name === undefined) return broker.send([sender, '', worker, disconnect])
  if (command === reply) {
    const [to = Buffer.alloc(0), , ...body] = rest
    await broker.send([to, '', client, name, ...body])
  }
  service(name).free.push(sender)
  await dispatch(name)
}
void (async () => {
  for await (const [sender = Buffer.alloc(0), , protocol, third, ...rest] of broker)
    await (String(protocol) === client
      ? fromClient(sender, String(third), rest)
      : fromWorker(sender, String(third), rest))
})()

const echo = new Dealer()
echo.connect(broker.lastEndpoint ?? '')
await echo.send(['', worker, ready, 'echo'])
void (async () => {
  for await (const [, , , from = '', , ...body] of echo) await echo.send(['', worker, reply, from, '', ...body])
})()

const asker = new Request()
asker.connect(broker.lastEndpoint ?? '')
async function ask(name: string, body: string): Promise<string> {
  await asker.send([client, name, body])
  const [, from, answer] = await asker.receive()
  return `${from}: ${answer}`
}
console.log(await ask('echo', 'hello'))
console.log(await ask('mmi.service', 'echo'))
console.log(await ask('mmi.service', 'coffee'))
for (const socket of [broker, echo, asker]) socket.close()
