// Requests as anybody may send them: to a hub that must not trust them.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  /** Code and message of the error, when it is one. */
  code: string | undefined
  message: string
  body: Record<string, unknown>
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const body = JSON.parse(text) as Record<string, unknown>
  const [error] = (body.errors as { code: string; message: string }[] | undefined) ?? []
  return { status: response.status, code: error?.code, message: error?.message ?? '', body }
}

/** PUT of a block, under whatever name. */
export async function putBlock(url: string, dataset: string, id: string, bytes: Uint8Array): Promise<Answer> {
  const body = Uint8Array.from(bytes)
  return answerOf(await fetch(`${url}/api/v2/datasets/${dataset}/blocks/${id}`, { method: 'PUT', body }))
}

export interface Publication {
  dataset: string
  record: Uint8Array
  receipts?: string[]
  bases?: { dataset: string; digest: string }[]
  tag?: string
}

/** Publishes over REST, as `user` if the hub wants to know. */
export async function publish(url: string, publication: Publication, user = 'anonymous'): Promise<Answer> {
  const { dataset, record, receipts = [], bases = [], tag = 'latest' } = publication
  const body = { record: Buffer.from(record).toString('base64'), receipts, bases, tags: [{ tag }] }
  const headers = { 'content-type': 'application/json', 'x-user': user }
  const address = `${url}/api/v2/datasets/${dataset}/snapshots`
  return answerOf(await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) }))
}

/** Sends bytes as they are; answers the first that come back, "" when the connection ends without any. */
export async function sendRaw(url: string, bytes: Uint8Array | string): Promise<string> {
  const socket = await openSocket(url)
  try {
    socket.write(bytes)
    return await new Promise((resolve) => {
      socket.once('data', (part: Buffer) => resolve(part.toString('latin1')))
      socket.once('close', () => resolve(''))
    })
  } finally {
    socket.destroy()
  }
}

/** Sends bytes and breaks off. */
export async function sendAndCut(url: string, bytes: Uint8Array): Promise<void> {
  const socket = await openSocket(url)
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
  socket.destroy()
}

async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) }).on('error', () => {})
  await once(socket, 'connect')
  return socket
}
