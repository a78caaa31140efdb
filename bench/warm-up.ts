// Compiled code is kept between calls of the program, as for every user: here it is made before anything is measured.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSamples } from './measure/samples.ts'
import type { Trash } from './measure/trash.ts'
import { onStage } from './stage.ts'
import { pushAndPull } from './tools/aetherfs-parts.ts'

export async function warmUp(folder: string, program: string, trash: Trash): Promise<void> {
  const at = join(folder, 'warm-up')
  const [v1, v2] = [join(at, 'v1'), join(at, 'v2')]
  for (const version of [v1, v2]) mkdirSync(version, { recursive: true })
  writeFileSync(join(v1, 'file'), 'warm')
  const contents = { files: 1, bytes: 4, digest: '' }
  const set = { name: 'warm-up', v1, v2, contents: { v1: contents, v2: contents } }
  const samples = createSamples(() => {})
  for (const round of [1, 2])
    await onStage({ scenario: 'warm-up', set, round, folder, samples, program, trash }, pushAndPull.run)
}
