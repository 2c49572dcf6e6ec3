/** What a URL says; strings are checked by whoever reads them. */
export interface FromUrl {
  endpoint: string
  pattern?: string
  bind?: boolean | 'subscriber'
}

/** Reads `zmq+tcp://host:port?pattern=…&bind=1`; answers what is wrong with it as text. */
export function parseUrl(url: string): FromUrl | string {
  const [address = '', query = ''] = url.split('?', 2)
  if (!/^zmq\+(tcp|ipc|inproc|ws|wss):\/\//.test(address)) {
    return `'${url}' is no zmq+tcp, zmq+ipc, zmq+inproc, zmq+ws or zmq+wss address`
  }
  const found: FromUrl = { endpoint: address.slice('zmq+'.length) }
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'pattern') found.pattern = value
    else if (name === 'bind' && (value === '1' || value === '0')) found.bind = value === '1'
    else if (name === 'bind' && value === 'subscriber') found.bind = value
    else return `'${name}=${value}' is no option of ${address}`
  }
  return found
}
