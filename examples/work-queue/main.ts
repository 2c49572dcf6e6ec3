// A queue that two workers share. One job fails for good: after three attempts it lies in the dead-letter topic, with its
// history; everything else is done exactly once.
import { message, provenance, text } from 'millrace'
import { memory } from 'millrace/memory'

const broker = memory()
await broker.declare('jobs', { group: 'workers' }) // so that what comes before the workers is kept for them
await broker.publish(
  'jobs',
  ['resize a.png', 'resize b.png', 'resize broken.png', 'resize c.png'].map(job => message(job)),
)

const done: string[] = []
async function work(): Promise<void> {
  const jobs = await broker.subscribe('jobs', { group: 'workers', maxDeliveries: 3, backoff: { base: 5, max: 20 } })
  for await (const delivery of jobs) {
    const job = text(delivery.message)
    try {
      if (job.includes('broken')) throw new Error('not a picture')
      done.push(job)
      delivery.ack()
    } catch (error) {
      delivery.nack({ error })
    }
  }
}
const workers = [work(), work()]

const graveyard = await broker.subscribe('jobs.workers.dead', { from: 'earliest' })
const letter = await graveyard.receive()
const history = provenance(letter.message)
letter.ack()

await broker.close() // ends the workers' loops
await Promise.all(workers)
console.log(`done: ${done.toSorted().join(', ')}`)
console.log(`dead: ${text(letter.message)}`)
console.log(`      ${history?.error}, after ${history?.attempts} attempts in ${history?.topic}, ${history?.group}`)
