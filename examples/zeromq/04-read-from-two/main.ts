// Chapter 2: one program reads from two sockets, each by its own loop.
import { Pull, Push, Subscriber, XPublisher } from 'zeromq'

const ventilator = new Push()
const weather = new XPublisher()
await ventilator.bind('tcp://127.0.0.1:*')
await weather.bind('tcp://127.0.0.1:*')
const tasks = new Pull()
const updates = new Subscriber()
tasks.connect(ventilator.lastEndpoint ?? '')
updates.connect(weather.lastEndpoint ?? '')
updates.subscribe('10001')
await weather.receive()

const seen: string[] = []
const reading = [
  (async () => {
    for (let task = 0; task < 2; task++) seen.push(`task ${(await tasks.receive())[0]}`)
  })(),
  (async () => {
    for (let update = 0; update < 2; update++) seen.push(`weather ${(await updates.receive())[0]}`)
  })(),
]
await ventilator.send('one')
await weather.send('10001 sunny')
await weather.send('20002 rain')
await ventilator.send('two')
await weather.send('10001 cloudy')
await Promise.all(reading)

for (const line of seen.sort()) console.log(line)
for (const socket of [ventilator, weather, tasks, updates]) socket.close()
