// Points on a canvas, drawn by WebGL. It knows nothing of axes: places are from 0 to 1.
// Libraries for this compile code from text, which the page's Content-Security-Policy forbids.

/** The part of the unit square that is shown: place p is drawn at p * scale + shift. */
export interface View {
  readonly scale: readonly [number, number];
  readonly shift: readonly [number, number];
}

export interface Look {
  /** The diameter of a point in pixels of the screen. */
  readonly size: number;
  /** From 0 to 1. Where points hide each other, a low one shows how many there are. */
  readonly opacity: number;
}

// The colour of a point is read from a row of colours.
const VERTEX = `#version 300 es
in vec3 point;
uniform vec2 scale;
uniform vec2 shift;
uniform float size;
uniform sampler2D colours;
flat out lowp vec3 shade;
void main() {
  vec2 place = point.xy * scale + shift;
  gl_Position = vec4(place * 2.0 - 1.0, 0.0, 1.0);
  gl_PointSize = size;
  shade = textureLod(colours, vec2(point.z, 0.5), 0.0).rgb;
}`;

// Each point is a disc with a soft edge. Its alpha is multiplied in, as the canvas expects.
const FRAGMENT = `#version 300 es
precision mediump float;
flat in lowp vec3 shade;
uniform float opacity;
out vec4 colour;
void main() {
  vec2 fromCentre = gl_PointCoord * 2.0 - 1.0;
  float alpha = opacity * clamp(2.0 * (1.0 - dot(fromCentre, fromCentre)), 0.0, 1.0);
  colour = vec4(shade * alpha, alpha);
}`;

/** The name of the marks in the browser's timeline for the moments when all points are drawn. */
export const DRAWN = "points drawn";

const NUMBERS = 3; // of a point: two places and a shade
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const MOVING_TIME = 10; // milliseconds that a picture may take while the view moves
const PROMPT = 25; // milliseconds after which points that were drawn at once are seen to be done

export class Scatter {
  private readonly gl: WebGL2RenderingContext;
  private program!: WebGLProgram;
  private count = 0;
  /** The share of the points that can be drawn while the view moves. */
  private share = 1;
  private isTimed = false;
  private isDrawn!: () => void;
  /** Fulfilled when all points have been drawn for the first time. */
  readonly drawn = new Promise<void>((resolve) => (this.isDrawn = resolve));

  /**
   * A scatter on a canvas; null if the browser has no WebGL 2. Browsers take what is drawn away
   * when they run short of memory. When they give it back, `restored` is called, which sets the
   * colours and the points again.
   */
  static on(canvas: HTMLCanvasElement, restored: () => void): Scatter | null {
    const gl = canvas.getContext("webgl2", { antialias: false });
    return gl && new Scatter(gl, canvas, restored);
  }

  private constructor(gl: WebGL2RenderingContext, canvas: HTMLCanvasElement, restored: () => void) {
    this.gl = gl;
    this.prepare();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.prepare();
      restored();
    });
  }

  private prepare(): void {
    const { gl } = this;
    this.program = linked(gl);
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    const place = gl.getAttribLocation(this.program, "point");
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, NUMBERS, gl.FLOAT, false, 0, 0);
  }

  /** The colours of shades from 0 to 1: RGBA bytes, at equal distances. */
  setColours(colours: Uint8Array): void {
    const { gl } = this;
    const format = [gl.RGBA, gl.UNSIGNED_BYTE] as const;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, colours.length / 4, 1, 0, ...format, colours);
    for (const edge of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
      gl.texParameteri(gl.TEXTURE_2D, edge, gl.CLAMP_TO_EDGE);
    }
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
  }

  /** The points: places and shades from 0 to 1. A point without a place, NaN, is not drawn. */
  setPoints(x: Float32Array, y: Float32Array, shade: Float32Array): void {
    const points = new Float32Array(NUMBERS * x.length);
    let end = 0;
    for (const row of scattered(x.length)) {
      if (Number.isNaN(x[row] + y[row])) continue;
      points[end++] = x[row];
      points[end++] = y[row];
      points[end++] = shade[row];
    }
    this.count = end / NUMBERS;
    this.gl.bufferData(this.gl.ARRAY_BUFFER, points.subarray(0, end), this.gl.STATIC_DRAW);
  }

  /** How many points are drawn in views that do not move. */
  get size(): number {
    return this.count;
  }

  /**
   * Draws all points. While the view moves, it draws only as many as there is time for; they are
   * more opaque, so that the picture looks alike.
   */
  draw(view: View, { size, opacity }: Look, isMoving: boolean): void {
    const { gl } = this;
    const { width, height } = gl.canvas;
    const share = isMoving ? this.share : 1;
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.uniform("scale"), ...view.scale);
    gl.uniform2f(this.uniform("shift"), ...view.shift);
    gl.uniform1f(this.uniform("size"), size);
    gl.uniform1f(this.uniform("opacity"), Math.min(1, opacity / Math.sqrt(share)));
    gl.drawArrays(gl.POINTS, 0, Math.ceil(share * this.count));
    if (!isMoving) this.time();
  }

  /** Finds out how long it takes to draw all points, without waiting for it. */
  private time(): void {
    if (this.isTimed) return;
    this.isTimed = true;
    const { gl } = this;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    const start = performance.now();
    const look = () => {
      if (fence && gl.getSyncParameter(fence, gl.SYNC_STATUS) === gl.UNSIGNALED) {
        requestAnimationFrame(look);
        return;
      }
      const took = performance.now() - start;
      this.share = took < PROMPT ? 1 : MOVING_TIME / took;
      performance.mark(DRAWN);
      this.isDrawn();
      gl.deleteSync(fence);
      this.isTimed = false;
    };
    requestAnimationFrame(look);
  }

  private uniform(name: string): WebGLUniformLocation | null {
    return this.gl.getUniformLocation(this.program, name);
  }
}

/** All rows in an order of which each beginning is a fair sample, and none hides the others. */
function* scattered(count: number): Generator<number> {
  const step = coprimeTo(count, Math.round(count * GOLDEN));
  for (let i = 0, row = 0; i < count; ++i, row = (row + step) % count) yield row;
}

function coprimeTo(count: number, first: number): number {
  const divisor = (one: number, other: number): number =>
    other === 0 ? one : divisor(other, one % other);
  let step = Math.max(1, first);
  while (divisor(step, count) !== 1) ++step;
  return step;
}

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  gl.attachShader(program, compiled(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compiled(gl, gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (!gl.isContextLost() && !gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`the points can't be drawn: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}

function compiled(gl: WebGL2RenderingContext, kind: number, text: string): WebGLShader {
  const shader = gl.createShader(kind)!;
  gl.shaderSource(shader, text);
  gl.compileShader(shader);
  if (!gl.isContextLost() && !gl.getShaderParameter(shader, gl.COMPILE_STATUS)) {
    throw new Error(`the points can't be drawn: ${gl.getShaderInfoLog(shader)}`);
  }
  return shader;
}
