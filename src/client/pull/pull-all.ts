// Pulls several references, one after the other, from as many hubs as they name.
import { AetherError, toAetherError } from '../../core/errors.ts'
import { formatReference, parseReference } from '../../core/reference.ts'
import type { PullOptions } from '../client.ts'
import type { Connections } from '../connections.ts'
import { type PullResult, pull } from './pull.ts'

/** @throws {AetherError} `partial` when some references were pulled and one was not. */
export async function pullAll(
  connections: Connections,
  target: string,
  texts: string[],
  { output, ...options }: PullOptions,
): Promise<PullResult[]> {
  const references = texts.map(parseReference)
  if (references.length === 0) throw new AetherError('invalid', 'A pull needs at least one reference')
  if (output !== undefined && references.length > 1) {
    throw new AetherError('invalid', 'A plain folder takes one dataset, and several were named', {
      hint: 'Pull each with its own -o, or pull all of them into one target folder',
    })
  }
  const where = output === undefined ? { target } : { output }
  const results: PullResult[] = []
  for (const reference of references) {
    try {
      results.push(await pull({ connection: connections.to(reference.host), reference, ...where, ...options }))
    } catch (error) {
      throw results.length === 0 ? error : partly(error, formatReference(reference), results.length)
    }
  }
  return results
}

function partly(cause: unknown, failed: string, done: number): AetherError {
  const { message, hint, detail } = toAetherError(cause)
  return new AetherError('partial', `Pulled ${done} of the references, and then "${failed}" failed: ${message}`, {
    cause,
    hint,
    detail,
  })
}
