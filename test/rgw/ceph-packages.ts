// Ceph from the packages of Debian or Ubuntu: where its parts lie.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { TRIPLET, type Unpacked, type UnpackOptions, unpackPackages } from '../testing/debian-packages.ts'

const PACKAGES = ['ceph-base', 'ceph-common', 'ceph-mon', 'ceph-osd', 'radosgw']
/** 70 MB of packages and 260 MB of what is in them. */
const ROOM = 500e6

export interface Ceph {
  /** Environment in which its programs find each other and their libraries. */
  env: NodeJS.ProcessEnv
  /** The `ceph` command, a program in Python. */
  admin: [python: string, script: string]
  /** Settings that say where its plugins lie. */
  settings: Record<string, string>
}

/** @throws {Skip} when it cannot be had. */
export async function findCeph(signal: AbortSignal, options: UnpackOptions = {}): Promise<Ceph> {
  return unpackedCeph(await unpackPackages('ceph', PACKAGES, { room: ROOM, signal, ...options }))
}

function unpackedCeph({ root, env }: Unpacked): Ceph {
  const libraries = join(root, 'usr/lib', TRIPLET)
  const python = join(root, 'usr/bin/python3')
  return {
    env: {
      ...env,
      LD_LIBRARY_PATH: [join(libraries, 'ceph'), env.LD_LIBRARY_PATH].join(delimiter),
      PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    // Not the first python3 of the PATH, which may be another than that of the packages.
    admin: [existsSync(python) ? python : '/usr/bin/python3', join(root, 'usr/bin/ceph')],
    settings: {
      plugin_dir: join(libraries, 'ceph'),
      erasure_code_dir: join(libraries, 'ceph/erasure-code'),
      osd_class_dir: join(libraries, 'rados-classes'),
    },
  }
}
