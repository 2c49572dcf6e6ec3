// Chapter 2: the same broker, ready-made (Proxy).
import { Dealer, Proxy, Reply, Request, Router } from 'zeromq'

const proxy = new Proxy(new Router(), new Dealer())
await proxy.frontEnd.bind('tcp://127.0.0.1:*')
await proxy.backEnd.bind('tcp://127.0.0.1:*')
const [clientsAt, servicesAt] = [proxy.frontEnd.lastEndpoint ?? '', proxy.backEnd.lastEndpoint ?? '']
const running = proxy.run()

const service = new Reply()
service.connect(servicesAt)
void (async () => {
  for await (const [left, right] of service) await service.send(String(Number(String(left)) + Number(String(right))))
})()

const client = new Request()
client.connect(clientsAt)
for (const [left, right] of [
  [1, 2],
  [20, 22],
]) {
  await client.send([String(left), String(right)])
  console.log(`${left} + ${right} = ${(await client.receive())[0]}`)
}
client.close()
service.close()
proxy.terminate()
await running
console.log('the proxy has ended')
