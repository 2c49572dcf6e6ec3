// libzmq: test_xpub_topic
import { expect } from 'vitest'
import { across, text } from './kit.ts'

for (const length of [254, 255, 256, 300, 70_000])
  across(
    `a topic of ${length} octets is subscribed to and matched`,
    { over: ['tcp', 'ipc', 'inproc'] },
    async scene => {
      const { a, b, add, bind } = scene
      const pub = add(new a.XPublisher())
      const sub = add(new b.Subscriber())
      const topic = 'x'.repeat(length)
      sub.connect(await bind(pub))

      sub.subscribe(topic)

      expect(await text(pub)).toEqual([`\u0001${topic}`])
      await pub.send(topic.slice(1))
      await pub.send(`${topic}!`)
      expect(await text(sub)).toEqual([`${topic}!`])
    },
  )
