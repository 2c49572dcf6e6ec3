import { expect, test } from 'vitest'
import { start } from '../../src/index.ts'
import { serverLife } from '../server-life.ts'

// The fall-back comes and goes in the full form; in the short one it is started, controlled and held to the contract.
serverLife('rabbitmq', '4.0.5')
if (process.env['MILLRACE_FULL']) serverLife('rabbitmq', '3.10.8')

test.each(['4.0.5', '3.10.8'])(
  'rabbitmq %s is controlled by its own rabbitmqctl',
  async version => {
    await using server = await start('rabbitmq', { version, fresh: true })

    const status = await server.control('status')
    const users = await server.control('list_users')

    expect(status).toContain(`RabbitMQ version: ${version}`)
    expect(users).toMatch(/^guest\s+\[administrator\]$/m)
    await expect(server.control('no_such_command')).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
  },
  60_000,
)
