// The floor: Node's own sockets and the least parser that tells messages apart.
//   net-worker.ts ROLE PORT SIZE COUNT
import { connect, createServer, type Socket } from 'node:net'

const [, , role = '', portGiven = '', sizeGiven = '', countGiven = ''] = process.argv
const port = Number(portGiven)
const size = Number(sizeGiven)
const count = Number(countGiven)
const header = size < 256 ? 2 : 9
const stride = header + size

if (role === 'pull') pull()
else if (role === 'push') push()
else if (role === 'rep') rep()
else if (role === 'req') req()
else throw new Error(`no role '${role}'`)

function pull(): void {
  const warm = Math.floor(count / 5)
  let octets = 0
  let got = 0
  let began = 0
  let first = 0
  serve(socket => {
    socket.on('data', chunk => {
      octets += chunk.length
      // Frames of one size: how many are whole is a division, which is less than any parser does.
      const whole = Math.floor(octets / stride)
      got += whole
      octets -= whole * stride
      if (began === 0 && got >= warm) {
        began = performance.now()
        first = got
      }
      if (got >= count) {
        say(`result ${((got - first) / (performance.now() - began)) * 1000}`)
        got = Number.NEGATIVE_INFINITY
      }
    })
  })
}

function push(): void {
  const socket = connect(port, '127.0.0.1')
  const frames = Math.max(1, Math.floor(65_536 / stride))
  const chunk = Buffer.alloc(frames * stride)
  let left = count
  const more = (): void => {
    while (left > 0) {
      left -= frames
      if (!socket.write(chunk)) return void socket.once('drain', more)
    }
  }
  socket.once('connect', more)
}

function rep(): void {
  serve(socket => socket.on('data', chunk => socket.write(chunk)))
}

function req(): void {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  const question = Buffer.alloc(stride)
  const warm = Math.floor(count / 5)
  const took = new Float64Array(count - warm)
  let turn = 0
  let octets = 0
  let began = 0
  const ask = (): void => {
    began = performance.now()
    socket.write(question)
  }
  socket.on('data', chunk => {
    octets += chunk.length
    if (octets < stride) return
    octets = 0
    if (turn >= warm) took[turn - warm] = (performance.now() - began) * 1000
    if (++turn < count) return ask()
    took.sort()
    say(`result ${took[took.length >> 1]}`)
  })
  socket.once('connect', ask)
}

function serve(accept: (socket: Socket) => void): void {
  const server = createServer({ noDelay: true }, accept)
  server.listen(port, '127.0.0.1', () => say('ready'))
}

function say(what: string): void {
  process.stdout.write(`${what}\n`)
}
