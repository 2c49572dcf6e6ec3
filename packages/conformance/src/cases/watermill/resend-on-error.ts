import type { Case } from '../../case.ts'
import { sameIds } from '../../kit/asserting.ts'
import { simple } from '../../kit/messages.ts'
import { next, read } from '../../kit/reading.ts'
import { settles } from '../../needs.ts'

/** Watermill's TestResendOnError. */
export const resendOnError: Case = {
  title: 'ResendOnError: messages that were nacked come again and none is lost',
  needs: settles,
  async run(kit) {
    const sent = simple(100)

    const subscription = await kit.filled(kit.topic(), sent, kit.group())
    for (let i = 0; i < 2; i++) (await next(kit, subscription)).nack()
    const received = await read(kit, subscription, 100)

    sameIds(received, sent)
  },
}
