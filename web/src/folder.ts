// The files beside the page. Nothing else is ever requested.
import { checkedManifest, type Manifest } from "./manifest.ts";
import { unpackArray, type PackedArray, type TypedArray } from "./packed_array.ts";

/** What the folder holds. The file has a fixed name, so the browser asks whether it is new. */
export async function readManifest(): Promise<Manifest> {
  const response = await answer("manifest.json", { cache: "no-cache" });
  return checkedManifest(await response.json());
}

/** The elements of an array of the folder. */
export async function readArray(array: PackedArray): Promise<TypedArray> {
  const response = await answer(array.file, {});
  return unpackArray(array, await response.blob());
}

/** The contents of a file of text in the folder. */
export async function readText(file: string): Promise<string> {
  return (await answer(file, {})).text();
}

async function answer(file: string, request: RequestInit): Promise<Response> {
  const response = await fetch(file, request);
  if (!response.ok) {
    throw new Error(`${file} can't be read (${response.status}); write the explorer again`);
  }
  return response;
}
