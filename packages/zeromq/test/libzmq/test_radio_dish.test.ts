// libzmq: test_radio_dish
import { createSocket } from 'node:dgram'
import { expect, test } from 'vitest'
import type { Dish, Radio } from 'zeromq/draft.js'
import { across, each, raw } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const
const einval = expect.objectContaining({ code: 'EINVAL' })

each('joining twice, leaving what was not joined and a name that is too long are EINVAL', ({ a, add }) => {
  const dish = add(new a.Dish())
  dish.join('Movies')

  expect(() => dish.join('Movies')).toThrow(einval)
  dish.leave('Movies')
  expect(() => dish.leave('Movies')).toThrow(einval)
  expect(() => dish.join('x'.repeat(256))).toThrow(einval)
})

across('a DISH gets the groups that it joined, and no longer than that', over, async ({ a, b, add, bind }) => {
  const radio = add(new a.Radio())
  const dish = add(new b.Dish())
  dish.join('Movies')
  dish.connect(await bind(radio))
  await tuned(radio, dish)

  await radio.send('Friends', { group: 'TV' })
  await radio.send('Godfather', { group: 'Movies' })
  expect(await heard(dish)).toEqual(['Movies', 'Godfather'])
  dish.join('TV')
  await tuned(radio, dish)
  await radio.send('Friends', { group: 'TV' })
  expect(await heard(dish)).toEqual(['TV', 'Friends'])
  dish.leave('TV')
  await tuned(radio, dish)
  await radio.send('Friends', { group: 'TV' })
  await radio.send('Godfather', { group: 'Movies' })

  expect(await heard(dish)).toEqual(['Movies', 'Godfather'])
})

across('a group is no prefix', over, async ({ a, b, add, bind }) => {
  const radio = add(new a.Radio())
  const dish = add(new b.Dish())
  dish.join('Movies')
  dish.connect(await bind(radio))
  await tuned(radio, dish)

  await radio.send('no', { group: 'Movies2' })
  await radio.send('no', { group: 'Movie' })
  await radio.send('yes', { group: 'Movies' })

  expect(await heard(dish)).toEqual(['Movies', 'yes'])
})

across('a RADIO reaches a DISH by datagrams', async ({ a, b, add }) => {
  const dish = add(new a.Dish())
  const radio = add(new b.Radio())
  const port = await freeUdpPort()
  dish.join('TV')
  await dish.bind(`udp://*:${port}`)
  radio.connect(`udp://127.0.0.1:${port}`)

  await radio.send('not joined', { group: 'Movies' })
  await radio.send('Friends', { group: 'TV' })

  expect(await heard(dish)).toEqual(['TV', 'Friends'])
})

each('a RADIO does not bind to udp, a DISH does not connect to it', async ({ a, add }) => {
  await expect(add(new a.Radio()).bind('udp://*:5556')).rejects.toMatchObject({ code: 'ENOCOMPATPROTO' })
  expect(() => add(new a.Dish()).connect('udp://localhost:5556')).toThrow(
    expect.objectContaining({ code: 'ENOCOMPATPROTO' }),
  )
})

const multicastLoop = 96

const multicastTitle = 'a RADIO reaches a DISH by multicast, unless it was told to keep it from this machine'

if (await multicastWorks())
  across(multicastTitle, async ({ a, b, add }) => {
    const dish = add(new a.Dish())
    const [loud, quiet] = [add(new b.Radio()), add(new b.Radio())]
    const port = await freeUdpPort()
    raw(quiet).setInt32Option(multicastLoop, 0)
    dish.join('TV')
    await dish.bind(`udp://239.0.0.1:${port}`)
    loud.connect(`udp://239.0.0.1:${port}`)
    quiet.connect(`udp://239.0.0.1:${port}`)

    await quiet.send('kept away', { group: 'TV' })
    await loud.send('Friends', { group: 'TV' })

    expect(await heard(dish)).toEqual(['TV', 'Friends'])
  })
else test.skip(`${multicastTitle} (this machine has no route for multicast)`)

each('a RADIO refuses more than one frame', async ({ a, add, bind }) => {
  const radio = add(new a.Radio())
  await bind(radio)

  await expect((async () => radio.send(['a', 'b'] as unknown as string, { group: 'TV' }))()).rejects.toMatchObject({
    code: 'EINVAL',
  })
})

async function heard(dish: Dish): Promise<string[]> {
  const [body, { group }] = await dish.receive()
  return [group.toString(), body.toString()]
}

// Joins take their way to the RADIO in order: when a group of the moment is heard, so was all that was said before it.
async function tuned(radio: Radio, dish: Dish): Promise<void> {
  const group = `probe ${Math.random()}`
  dish.join(group)
  dish.receiveTimeout = 10
  for (let tries = 0; ; tries++) {
    await radio.send('probe', { group })
    try {
      await dish.receive()
      break
    } catch (error) {
      if (tries > 300) throw error
    }
  }
  dish.receiveTimeout = 5_000
  await radio.send('end', { group })
  while ((await dish.receive())[0].toString() !== 'end');
  dish.leave(group)
}

async function freeUdpPort(): Promise<number> {
  const probe = createSocket('udp4')
  await new Promise<void>(resolve => probe.bind(0, resolve))
  const { port } = probe.address()
  await new Promise<void>(resolve => probe.close(() => resolve()))
  return port
}

// In a box without a route for multicast nobody can hear it, whoever sends.
async function multicastWorks(): Promise<boolean> {
  const probe = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    await new Promise<void>(resolve => probe.bind(0, resolve))
    probe.addMembership('239.0.0.1')
    const { port } = probe.address()
    return await new Promise<boolean>(resolve => {
      const timer = setTimeout(() => resolve(false), 500)
      probe.once('message', () => {
        clearTimeout(timer)
        resolve(true)
      })
      probe.send('probe', port, '239.0.0.1', error => error === null || resolve(false))
    })
  } catch {
    return false
  } finally {
    probe.close()
  }
}
