// Chapter 4: requests are kept until they are answered, and fetched later by a number (Titanic, RFC 9).
import { Reply, Request } from 'zeromq'

const titanic = new Reply()
await titanic.bind('tcp://127.0.0.1:*')
const disk = new Map<string, { request: string; reply?: string }>()
void (async () => {
  for await (const [command, first, second] of titanic) {
    if (String(command) === 'titanic.request') {
      const id = `#${disk.size + 1}`
      disk.set(id, { request: `${first}(${second})` })
      await titanic.send(['200', id])
    } else if (String(command) === 'titanic.reply') {
      const kept = disk.get(String(first))
      await titanic.send(kept === undefined ? ['400'] : kept.reply === undefined ? ['300'] : ['200', kept.reply])
    } else {
      disk.delete(String(first))
      await titanic.send(['200'])
    }
  }
})()

const client = new Request()
client.connect(titanic.lastEndpoint ?? '')
async function ask(...frames: string[]): Promise<string> {
  await client.send(frames)
  return (await client.receive()).join(' ')
}
console.log(`asked: ${await ask('titanic.request', 'echo', 'hello')}`)
console.log(`too early: ${await ask('titanic.reply', '#1')}`)
for (const kept of disk.values()) kept.reply = `${kept.request} was done while nobody waited`
console.log(`later: ${await ask('titanic.reply', '#1')}`)
console.log(`closed: ${await ask('titanic.close', '#1')}`)
console.log(`gone: ${await ask('titanic.reply', '#1')}`)
titanic.close()
client.close()
