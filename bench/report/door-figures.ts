// What reading in place has to reach.
import type { Samples } from '../measure/samples.ts'
import { fsDoor, mountDoor, mountMany, nfsDoor, plainFiles, webdavDoor } from '../tools/doors.ts'
import { BY_DIGEST, BY_NGINX, BY_TAG, FRAMES, FREE_FUSE } from '../tools/small-reads.ts'
import { STEP } from '../tools/tool.ts'
import type { Figure } from './figures.ts'
import { over, type Pick, picker } from './ratios.ts'

export function doorFigures(samples: Samples): Figure[] {
  const rate = picker(samples, ({ content, wall }) => content && content / 1e9 / wall)
  const wall = picker(samples, (sample) => sample.wall)
  const median = picker(samples, ({ latency }) => latency?.median)
  const p99 = picker(samples, ({ latency }) => latency?.p99)
  const read = (tool: string, step: string = STEP.readAgain, scenario = 'doors-read') => rate(scenario, step, tool)
  const list = (step: string, tool: string) => wall('doors-list', step, tool)
  const ranges = (pick: Pick, tool: string) => pick('doors-ranges', STEP.ranges, tool)
  const random = (tool: string) => median('doors-random', STEP.random, tool)
  const least = { least: true, unit: 'GB/s' }

  return [
    { what: '/fs/, from memory', value: read(fsDoor.name), limit: 1, ...least },
    { what: '/webdav/, from memory', value: read(webdavDoor.name), limit: 1, ...least },
    { what: 'NFS, from memory', value: read(nfsDoor.name), limit: 0.3, ...least },
    ...[
      { scenario: 'doors-read', what: 'a file of 1 GiB' },
      { scenario: 'doors-read-8', what: '8 files of 128 MiB' },
    ].flatMap(({ scenario, what }) => [
      {
        what: `mount, first read of ${what}, folder cache warm`,
        value: read(mountDoor.name, STEP.readWarm, scenario),
        limit: 1,
        ...least,
      },
      {
        what: `mount, read again of ${what}, speed / plain files`,
        value: over(read(mountDoor.name, STEP.readAgain, scenario), read(plainFiles.name, STEP.readAgain, scenario)),
        limit: 0.9,
        least: true,
      },
    ]),
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
    {
      what: 'mount of 100,000 files, until it answers',
      value: wall('doors-many', STEP.usable, mountMany.name),
      limit: 1,
      unit: 's',
    },
    {
      what: 'mount, 4 KiB here and there, median / FUSE that does nothing',
      value: over(random(FRAMES), random(FREE_FUSE)),
      limit: 3,
    },
    ...[BY_DIGEST, BY_TAG].flatMap((tool) => [
      {
        what: `ranges of 64 KiB, 64 clients, ${tool}: speed / nginx`,
        value: over(ranges(rate, tool), ranges(rate, BY_NGINX)),
        limit: 0.5,
        least: true,
      },
      {
        what: `ranges of 64 KiB, 64 clients, ${tool}: 99 % / nginx`,
        value: over(ranges(p99, tool), ranges(p99, BY_NGINX)),
        limit: 2,
      },
    ]),
  ]
}
