// What reading in place has to reach.
import type { Samples } from '../measure/samples.ts'
import { fsDoor, mountDoor, nfsDoor, plainFiles, webdavDoor } from '../tools/doors.ts'
import { STEP } from '../tools/tool.ts'
import type { Figure } from './figures.ts'
import { over, picker } from './ratios.ts'

export function doorFigures(samples: Samples): Figure[] {
  const speed = picker(samples, ({ content, wall }) => content && content / 1e9 / wall)
  const wall = picker(samples, (sample) => sample.wall)
  const read = (tool: string, step: string = STEP.readAgain) => speed('doors-read', step, tool)
  const list = (step: string, tool: string) => wall('doors-list', step, tool)
  const least = { least: true, unit: 'GB/s' }

  return [
    { what: '/fs/, from memory', value: read(fsDoor.name), limit: 1, ...least },
    { what: '/webdav/, from memory', value: read(webdavDoor.name), limit: 1, ...least },
    { what: 'NFS, from memory', value: read(nfsDoor.name), limit: 0.3, ...least },
    { what: 'mount, first read, folder cache warm', value: read(mountDoor.name, STEP.readWarm), limit: 1, ...least },
    {
      what: 'mount, read again, speed / plain files',
      value: over(read(mountDoor.name), read(plainFiles.name)),
      limit: 0.9,
      least: true,
    },
    {
      what: 'mount, ls -lR of 20,000 files, wall / plain files',
      value: over(list(STEP.listWarm, mountDoor.name), list(STEP.listAgain, plainFiles.name)),
      limit: 3,
    },
    {
      what: 'mount, ls -lR again, wall / plain files',
      value: over(list(STEP.listAgain, mountDoor.name), list(STEP.listAgain, plainFiles.name)),
      limit: 1.2,
    },
  ]
}
