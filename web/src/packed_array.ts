// Arrays as the folder holds them: planes of bytes, compressed by zlib.

export interface PackedArray {
  readonly file: string;
  readonly type: "uint8" | "uint16" | "int32" | "uint32" | "float32";
  readonly length: number;
  /** What an element is multiplied by to give a value; null if elements are values. */
  readonly step: number | null;
}

export type TypedArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array;

const ARRAYS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
};
const NO_VALUE = 65535; // in an array with a step

/** The elements of an array, whose file the caller has read. */
export async function unpackArray(array: PackedArray, contents: Blob): Promise<TypedArray> {
  const stream = contents.stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const Kind = ARRAYS[array.type];
  const size = Kind.BYTES_PER_ELEMENT;
  if (planes.length !== array.length * size) {
    throw new Error(`it has ${planes.length} bytes, but the manifest says ${array.length * size}`);
  }
  const joined = new Uint8Array(planes.length);
  for (let byte = 0; byte < size; ++byte) {
    const plane = planes.subarray(byte * array.length, (byte + 1) * array.length);
    for (let i = 0; i < array.length; ++i) joined[i * size + byte] = plane[i];
  }
  return new Kind(joined.buffer);
}

/** The values of an array: NaN where there is none. */
export function valuesOf(array: PackedArray, elements: TypedArray): Float32Array {
  if (array.step === null) return new Float32Array(elements);
  const values = new Float32Array(elements.length); // A loop is far faster than Float32Array.from.
  for (let i = 0; i < elements.length; ++i) {
    values[i] = elements[i] === NO_VALUE ? NaN : elements[i] * array.step;
  }
  return values;
}
