// What a hub counts of the deltas that it makes.
import { Counter, type Registry } from 'prom-client'
import type { EncodedDelta } from '../hub/deltas/encodings.ts'

export interface DeltaMetrics {
  onEncoded(encoded: EncodedDelta): void
}

export function createDeltaMetrics(registry: Registry): DeltaMetrics {
  const registers = [registry]
  const labelNames = ['outcome'] as const
  const encodings = new Counter({
    name: 'aetherfs_delta_encodings_total',
    help: 'Deltas that were made and stored, given up because they are not worth having, or failed',
    labelNames,
    registers,
  })
  const bytes = new Counter({ name: 'aetherfs_delta_bytes_total', help: 'Bytes of them', labelNames, registers })
  const seconds = new Counter({
    name: 'aetherfs_delta_encoding_seconds_total',
    help: 'Time that they took',
    labelNames,
    registers,
  })

  return {
    onEncoded({ outcome, bytes: count, duration }) {
      encodings.inc({ outcome })
      bytes.inc({ outcome }, count)
      seconds.inc({ outcome }, duration / 1000)
    },
  }
}
