import { MillraceError } from 'millrace/adapter'

const WORDS = ['preset', 'prefix', 'queues', 'topology', 'wire']
const NUMBERS = ['priorities', 'deliveryLimit', 'maxBytes']
const FACTS = ['mandatory', 'singleActiveConsumer']
/** The client's own. */
const CLIENTS = ['heartbeat', 'channelMax', 'frameMax', 'maxFrameSize', 'locale']

/** The client's URL and our options, from a URL with both. No part of it is in an error. @throws BAD_OPTION */
export function fromUrl(text: string): { readonly url: string; readonly options: Record<string, unknown> } {
  if (!URL.canParse(text))
    throw new MillraceError(
      'BAD_OPTION',
      'rabbitmq: a url is amqp://user:password@host:5672, or amqps://…; yours is not',
    )
  const url = new URL(text)
  if (url.protocol !== 'amqp:' && url.protocol !== 'amqps:')
    throw new MillraceError('BAD_OPTION', `rabbitmq: the url begins with amqp: or amqps:, not ${url.protocol}`)
  for (const part of [url.username, url.password, url.pathname.slice(1)]) checkEncoded(part)
  const options: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(url.search)) {
    if (CLIENTS.includes(name)) continue
    url.searchParams.delete(name)
    if (WORDS.includes(name)) options[name] = value
    else if (NUMBERS.includes(name)) options[name] = value.trim() === '' ? Number.NaN : Number(value)
    else if (FACTS.includes(name)) options[name] = fact(name, value)
    else throw new MillraceError('BAD_OPTION', `rabbitmq: there is no option '${name}' for the URL`)
  }
  return { url: url.href, options }
}

function checkEncoded(part: string): void {
  try {
    decodeURIComponent(part)
  } catch {
    throw new MillraceError('BAD_OPTION', 'rabbitmq: user, password and vhost in a url are percent-encoded')
  }
}

function fact(name: string, value: string): boolean {
  if (value === 'true' || value === '1' || value === '') return true
  if (value === 'false' || value === '0') return false
  throw new MillraceError('BAD_OPTION', `rabbitmq: '${name}' is true or false, not '${value}'`)
}
