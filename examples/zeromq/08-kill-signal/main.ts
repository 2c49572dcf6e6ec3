// Chapter 2: when the work is done, the sink tells every worker to stop (PUB and SUB beside PUSH and PULL).
import { Pull, Push, Subscriber, XPublisher } from 'zeromq'

const ventilator = new Push()
const sink = new Pull()
const control = new XPublisher()
for (const socket of [ventilator, sink, control]) await socket.bind('tcp://127.0.0.1:*')
control.verbosity = 'allSubs'

async function work(name: string): Promise<string> {
  const [tasks, results, orders] = [new Pull(), new Push(), new Subscriber()]
  tasks.connect(ventilator.lastEndpoint ?? '')
  results.connect(sink.lastEndpoint ?? '')
  orders.connect(control.lastEndpoint ?? '')
  orders.subscribe('KILL')
  const working = (async () => {
    for await (const [task] of tasks) await results.send(`${task} done`)
  })()
  await orders.receive()
  tasks.close()
  await working
  results.close()
  orders.close()
  return `${name} stopped`
}

const workers = ['first', 'second'].map(work)
for (let ready = 0; ready < workers.length; ready++) await control.receive()
for (let task = 0; task < 10; task++) await ventilator.send(`task ${task}`)
const results: string[] = []
while (results.length < 10) results.push(String((await sink.receive())[0]))
console.log(results.sort().join('\n'))
await control.send('KILL')
for (const stopped of await Promise.all(workers)) console.log(stopped)
for (const socket of [ventilator, sink, control]) socket.close()
