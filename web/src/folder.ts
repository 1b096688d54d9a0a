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
  const contents = await (await answer(array.file, {})).blob();
  return unpackArray(array, contents).catch((error: Error) => fail(array.file, error.message));
}

/** The contents of a file of text in the folder. */
export async function readText(file: string): Promise<string> {
  return (await answer(file, {})).text();
}

async function answer(file: string, request: RequestInit): Promise<Response> {
  const response = await fetch(file, request).catch((error: Error) => fail(file, error.message));
  return response.ok ? response : fail(file, `the server answers ${response.status}`);
}

function fail(file: string, reason: string): never {
  throw new Error(`${file} can't be read: ${reason}; write the explorer again`);
}
