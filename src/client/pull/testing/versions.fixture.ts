// Two versions of a dataset that have some files and chunks in common.
import type { Tree } from './memory-hub.fixture.ts'
import { file, noise } from './trees.fixture.ts'

const MIB = 1024 * 1024

const SAME: Tree = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`same/${i}`, file(noise(i + 1, i * 700))]))

function version(number: number): Tree {
  const changed = Buffer.from(noise(100, 2 * MIB))
  changed.write(`version ${number}`, MIB)
  return {
    ...SAME,
    'changed.db': file(changed),
    'new.bin': file(noise(200 + number, 1.5 * MIB)),
    [`only-${number}`]: file(`${number}`),
    link: { kind: 'link', target: `only-${number}` },
    ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`small/${i}`, file(noise(1000 * number + i, 3000))])),
  }
}

export const VERSIONS: [Tree, Tree] = [version(1), version(2)]
