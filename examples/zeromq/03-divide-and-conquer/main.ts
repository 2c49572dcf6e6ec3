// Chapter 1: a ventilator deals out work, workers do it, a sink collects (PUSH and PULL).
import { Pull, Push } from 'zeromq'

const ventilator = new Push()
const sink = new Pull()
await ventilator.bind('tcp://127.0.0.1:*')
await sink.bind('tcp://127.0.0.1:*')

const workers = Array.from({ length: 3 }, () => ({ tasks: new Pull(), results: new Push() }))
for (const { tasks, results } of workers) {
  tasks.connect(ventilator.lastEndpoint ?? '')
  results.connect(sink.lastEndpoint ?? '')
  void (async () => {
    for await (const [task] of tasks) await results.send(String(Number(String(task)) ** 2))
  })()
}

for (let task = 1; task <= 100; task++) await ventilator.send(String(task))

let sum = 0
for (let done = 0; done < 100; done++) sum += Number(String((await sink.receive())[0]))
console.log(`the squares of 1 to 100 add up to ${sum}`)
for (const { tasks, results } of workers) {
  tasks.close()
  results.close()
}
ventilator.close()
sink.close()
