// Chapter 5: a key-value store shared by a server and its clients: snapshot, updates, subtrees, changes by clients,
// and values that live for a while only (Clone, RFC 12).
import { Dealer, Pull, Push, Router, Subscriber, XPublisher } from 'zeromq'

const snapshots = new Router()
const updates = new XPublisher()
const changes = new Pull()
for (const socket of [snapshots, updates, changes]) await socket.bind('tcp://127.0.0.1:*')
updates.verbosity = 'allSubs'
const store = new Map<string, string>()
let sequence = 0
async function set(key: string, value: string, life?: number): Promise<void> {
  if (value === '') store.delete(key)
  else store.set(key, value)
  await updates.send([key, String(++sequence), value])
  if (life !== undefined) setTimeout(() => void set(key, ''), life)
}
void (async () => {
  for await (const [who = '', , subtree] of snapshots) {
    for (const [key, value] of store)
      if (key.startsWith(String(subtree))) await snapshots.send([who, key, String(sequence), value])
    await snapshots.send([who, 'KTHXBAI', String(sequence), String(subtree)])
  }
})()
void (async () => {
  for await (const [key, value, life] of changes)
    await set(String(key), String(value), life === undefined ? undefined : Number(String(life)))
})()

class Clone {
  readonly store = new Map<string, string>()
  readonly #updates = new Subscriber()
  readonly #snapshot = new Dealer()
  readonly #changes = new Push()

  async open(subtree: string): Promise<void> {
    this.#updates.connect(updates.lastEndpoint ?? '')
    this.#updates.subscribe(subtree)
    await updates.receive() // What changes from now on is heard; only then is the snapshot asked for.
    this.#snapshot.connect(snapshots.lastEndpoint ?? '')
    this.#changes.connect(changes.lastEndpoint ?? '')
    await this.#snapshot.send(['ICANHAZ?', subtree])
    for await (const [key, , value] of this.#snapshot) {
      if (String(key) === 'KTHXBAI') break
      this.store.set(String(key), String(value))
    }
  }

  async change(key: string, value: string, life?: number): Promise<void> {
    await this.#changes.send([key, value, ...(life === undefined ? [] : [String(life)])])
  }

  async next(): Promise<string> {
    const [key, number, value] = await this.#updates.receive()
    if (String(value) === '') this.store.delete(String(key))
    else this.store.set(String(key), String(value))
    return `${number}: ${key} = ${String(value) === '' ? 'nothing' : value}`
  }

  close(): void {
    for (const socket of [this.#updates, this.#snapshot, this.#changes]) socket.close()
  }
}

await set('/client/a', '1')
await set('/server/x', '2')
const one = new Clone()
await one.open('/client/')
console.log('snapshot of /client/:', Object.fromEntries(one.store))
const two = new Clone()
await two.open('')
console.log('snapshot of all:', Object.fromEntries(two.store))
await two.change('/server/y', '3')
await two.change('/client/b', '4')
console.log('one hears', await one.next())
console.log('two hears', await two.next(), 'and', await two.next())
await one.change('/client/short', 'lived', 30)
console.log('two hears', await two.next(), 'and', await two.next())
console.log('one has', Object.fromEntries(one.store), 'two has', Object.fromEntries(two.store))
one.close()
two.close()
for (const socket of [snapshots, updates, changes]) socket.close()
