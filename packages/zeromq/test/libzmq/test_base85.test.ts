// libzmq: test_base85
import { expect, test } from 'vitest'
import { z85Decode, z85Encode } from '@millrace/zeromq/extra'

test('nothing encodes to nothing', () => {
  expect(z85Encode(Buffer.alloc(0))).toBe('')
  expect([...z85Decode('')]).toEqual([])
})

test('the vector of RFC 32 encodes and decodes', () => {
  const octets = Buffer.from('864fd26fb559f75b', 'hex')

  expect(z85Encode(octets)).toBe('HelloWorld')
  expect(Buffer.from(z85Decode('HelloWorld'))).toEqual(octets)
})

test('a real key encodes and decodes', () => {
  const octets = Buffer.from('bb88471d65e2659b30c55a5321cebb5aab2b70a398645c26dca2b2fcb43fc518', 'hex')
  const text = 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'

  expect(z85Encode(octets)).toBe(text)
  expect(Buffer.from(z85Decode(text))).toEqual(octets)
})

for (const length of [1, 2, 3, 5, 42])
  test(`${length} octets are no multiple of four`, () => {
    expect(() => z85Encode(Buffer.alloc(length))).toThrow()
  })

for (const text of ['1', '01', '0123', '012345', 'HelloWorl'])
  test(`${text} is no multiple of five`, () => {
    expect(() => z85Decode(text)).toThrow()
  })

for (const text of ['#####', '%nSc1', '%nSc0HelloWorld#####'])
  test(`${text} says more than four octets hold`, () => {
    if (text.startsWith('%nSc0')) expect([...z85Decode('%nSc0')]).toEqual([255, 255, 255, 255])
    expect(() => z85Decode(text)).toThrow()
  })

for (const text of ['a"cde', 'ab\\de', 'ab;de', 'abcd ', "'bcde", 'a,cde', 'abcd\u007f', 'é1234'])
  test(`${JSON.stringify(text)} has a letter that is none`, () => {
    expect(() => z85Decode(text)).toThrow()
  })

test('what is encoded decodes to itself', () => {
  for (let length = 0; length < 400; length += 4) {
    const octets = Buffer.from(Array.from({ length }, (_, at) => (at * 7919 + length) & 255))

    expect(Buffer.from(z85Decode(z85Encode(octets)))).toEqual(octets)
  }
})
