import assert from 'node:assert/strict'
import { isMillraceError } from 'millrace'
import type { Case } from '../../case.ts'
import { until, within } from '../../kit/waiting.ts'
import { hold } from '../../needs.ts'

export const closedWhileConnecting: Case = {
  title: 'a broker that is closed while it connects leaves no connection',
  alone: true,
  needs: hold,
  async run(kit) {
    const { link, broker } = await kit.held()

    const opening = broker.open().then(
      () => undefined,
      (error: unknown) => error,
    )
    await until(() => link.connections > 0, kit.patience, 'a connection')
    await within(broker.close(), kit.patience, 'close()')
    link.release()
    const error = await within(opening, kit.patience, 'open() to end')
    await until(() => link.connections === 0, kit.patience, 'the end of every connection')

    assert.ok(isMillraceError(error, 'CLOSED'), `open() ended with ${String(error)}`)
  },
}
