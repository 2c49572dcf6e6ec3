import { conformance } from '@millrace/conformance'
import { test } from 'vitest'
import { zeromq } from '../../src/pubsub.ts'

/** Cases that a pattern cannot keep, with the reason; everything else its capabilities decide. */
const EXCEPT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pubsub: {},
  pushpull: {
    "from 'latest' reads only what is published from now on, in a new group and without one":
      'a PUSH without a PULL waits, so that nothing can be published before somebody subscribes',
    'a * in a pattern stands for exactly one level, in the middle and at the end':
      'it reads one message by two patterns; in one queue each message goes to one of them',
  },
  acked: {},
}

for (const [pattern, except] of Object.entries(EXCEPT)) {
  conformance({
    name: `zeromq ${pattern}`,
    open: () => zeromq({ url: `zmq+tcp://127.0.0.1:*?pattern=${pattern}&bind=1` }),
    test: (title, run, timeout) =>
      test(`${pattern}: ${title}`, timeout === undefined ? {} : { timeout }, async context => {
        const reason = except[title]
        if (reason !== undefined) context.skip(reason)
        await run(context)
      }),
    order: 'subscribe-first',
  })
}
