// No progress, because the user wants none; notes still come through.
import type { Sink } from '../world.ts'
import type { ProgressView } from './progress-view.ts'

export function createSilentView(sink: Sink): ProgressView {
  return { report() {}, above: (line) => sink.write(`${line}\n`), finish() {} }
}
