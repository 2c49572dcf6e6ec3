import { BlockList, isIP } from 'node:net'
import { TransportError } from './transport-error.ts'

/** A test of the peer's address against CIDR blocks (TCP_ACCEPT_FILTER); no blocks let everybody in. Throws EINVAL for a malformed block. */
export function acceptFilter(blocks: readonly string[]): (address: string | undefined) => boolean {
  if (blocks.length === 0) return () => true
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? (version === 4 ? 32 : 128) : /^\d+$/.test(prefix) ? Number(prefix) : -1
    if (version === 0 || !Number.isInteger(bits) || bits < 0 || bits > (version === 4 ? 32 : 128)) {
      throw new TransportError('EINVAL', `'${block}' is not a block of addresses`)
    }
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
  }
  return address => {
    if (address === undefined) return false
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
    return list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6')
  }
}
