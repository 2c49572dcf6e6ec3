/** What a handler may throw, by what is wrong with it: no errors, and errors that cannot be looked at. */
export const unshowable: Readonly<Record<string, () => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  symbol: () => Symbol('x'),
  function: () => () => 1,
  'no prototype': () => Object.create(null),
  'toString throws': () => ({
    toString() {
      throw new Error('not me')
    },
  }),
  'revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  'error whose stack is a list': () => Object.assign(new Error('x'), { stack: ['a', 'b'] }),
  'error whose stack throws': () => throwing('stack'),
  'error whose message throws': () => throwing('message'),
  'error whose name is a symbol': () => Object.assign(new Error('x'), { name: Symbol('n') }),
  'error behind a proxy that throws': () =>
    new Proxy(new Error('x'), {
      get() {
        throw new Error('not me')
      },
    }),
}

function throwing(property: string): Error {
  return Object.defineProperty(new Error('x'), property, {
    get() {
      throw new Error('not me')
    },
  })
}
