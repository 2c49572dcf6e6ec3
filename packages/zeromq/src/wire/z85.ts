/** Z85 of octets whose count is a multiple of four: five characters for each four octets (RFC 32). Throws RangeError on any other count. */
export function encodeZ85(octets: Uint8Array): string {
  if (octets.length % 4 !== 0) throw new RangeError(`Z85 needs a multiple of 4 octets, not ${octets.length}`)
  let text = ''
  for (let i = 0; i < octets.length; i += 4) {
    let value = octets[i]! * 0x100_0000 + ((octets[i + 1]! << 16) | (octets[i + 2]! << 8) | octets[i + 3]!)
    let group = ''
    for (let digit = 0; digit < 5; digit++) {
      group = ALPHABET[value % 85]! + group
      value = Math.floor(value / 85)
    }
    text += group
  }
  return text
}

/**
 * The octets of a Z85 text, or undefined where it is none: a length that is not a multiple of five, a character that is not
 * of the alphabet, or a group above 2^32 - 1.
 */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % 5 !== 0) return undefined
  const octets = new Uint8Array((text.length / 5) * 4)
  for (let i = 0, offset = 0; i < text.length; i += 5, offset += 4) {
    let value = 0
    for (let digit = i; digit < i + 5; digit++) {
      const worth = ALPHABET.indexOf(text[digit]!)
      if (worth < 0) return undefined
      value = value * 85 + worth
    }
    if (value > 0xffff_ffff) return undefined
    octets[offset] = value >>> 24
    octets[offset + 1] = value >>> 16
    octets[offset + 2] = value >>> 8
    octets[offset + 3] = value
  }
  return octets
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
