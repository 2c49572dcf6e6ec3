import type { Case } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import { within } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const opened: Case = {
  title: 'open may be called, more than once, and may be aborted',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()

    await throwsCode('ABORTED', () => broker.open({ signal: AbortSignal.abort() }))
    await within(Promise.all([broker.open(), broker.open()]), kit.patience, 'open()')
    await within(broker.open(), kit.patience, 'open() again')
  },
}
