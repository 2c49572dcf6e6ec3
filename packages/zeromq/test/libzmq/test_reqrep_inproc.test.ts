// libzmq: test_reqrep_inproc
import { across, bounce } from './kit.ts'

across('REQ and REP bounce over inproc', { over: ['inproc'] }, async ({ a, b, add, bind }) => {
  const server = add(new a.Reply())
  const client = add(new b.Request())
  client.connect(await bind(server))

  await bounce(server, client)
})
