// Contents that test/vectors names by recipe.
import { createHash } from 'node:crypto'

export type Recipe = { shake256: string; length: number } | { repeat: string; length: number } | Recipe[]

export function bake(recipe: Recipe): Buffer {
  if (Array.isArray(recipe)) return Buffer.concat(recipe.map(bake))
  if ('shake256' in recipe)
    return createHash('shake256', { outputLength: recipe.length }).update(recipe.shake256).digest()
  return Buffer.alloc(recipe.length, recipe.repeat)
}
