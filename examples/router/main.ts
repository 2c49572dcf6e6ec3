// Two handlers in a row. The bank's first answer is an error: the retry is a policy, not code.
import { json, message, Router, text } from 'millrace'
import { memory } from 'millrace/memory'

const broker = memory()
const router = new Router()
const shipped = Promise.withResolvers<void>()
let calls = 0

router.handle(
  'charge',
  {
    subscriber: broker,
    topic: 'orders',
    publishTopic: 'paid',
    retry: { attempts: 3, base: 5 },
    timeout: 1_000,
    deadLetter: 'orders.dead',
  },
  order => {
    calls++
    console.log(`charge, attempt ${calls}`)
    if (calls === 1) throw new Error('the bank does not answer')
    const { item } = json(order) as { item: string }
    return message(item)
  },
)

router.handle('ship', { subscriber: broker, topic: 'paid' }, paid => {
  console.log(`ship ${text(paid)}`)
  shipped.resolve()
})

const run = router.run()
await router.running
await broker.publish('orders', message('{"item":"a mill wheel"}'))
await shipped.promise

const { unfinished } = await router.close()
await run
await broker.close()
console.log(`unfinished: ${unfinished}`)
