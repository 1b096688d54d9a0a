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

const VERTEX = `#version 300 es
in float x;
in float y;
in float shade;
uniform vec2 scale;
uniform vec2 shift;
uniform float size;
out float point_shade;
void main() {
  vec2 place = vec2(x, y) * scale + shift;
  gl_Position = vec4(place * 2.0 - 1.0, 0.0, 1.0);
  gl_PointSize = size;
  point_shade = shade;
}`;

// The colour is read from a row of colours. Its alpha is multiplied in, as the canvas expects.
const FRAGMENT = `#version 300 es
precision mediump float;
in float point_shade;
uniform sampler2D colours;
uniform float opacity;
out vec4 colour;
void main() {
  float distance = length(gl_PointCoord - 0.5) * 2.0;
  float alpha = opacity * (1.0 - smoothstep(0.7, 1.0, distance));
  colour = vec4(texture(colours, vec2(point_shade, 0.5)).rgb * alpha, alpha);
}`;

const NOWHERE = -10; // where a point is that has no value

export class Scatter {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly buffers = new Map<string, WebGLBuffer>();
  private count = 0;

  /** A scatter on a canvas; null if the browser has no WebGL 2. */
  static on(canvas: HTMLCanvasElement): Scatter | null {
    const gl = canvas.getContext("webgl2", { antialias: false });
    return gl && new Scatter(gl);
  }

  private constructor(gl: WebGL2RenderingContext) {
    this.gl = gl;
    this.program = linked(gl);
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
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
    this.count = x.length;
    this.setAttribute("x", placed(x));
    this.setAttribute("y", placed(y));
    this.setAttribute("shade", shade);
  }

  draw(view: View, look: Look): void {
    const { gl } = this;
    const { width, height } = gl.canvas;
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.uniform("scale"), ...view.scale);
    gl.uniform2f(this.uniform("shift"), ...view.shift);
    gl.uniform1f(this.uniform("size"), look.size);
    gl.uniform1f(this.uniform("opacity"), look.opacity);
    gl.drawArrays(gl.POINTS, 0, this.count);
  }

  private uniform(name: string): WebGLUniformLocation | null {
    return this.gl.getUniformLocation(this.program, name);
  }

  private setAttribute(name: string, values: Float32Array): void {
    const { gl } = this;
    const place = gl.getAttribLocation(this.program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.bufferOf(name));
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 1, gl.FLOAT, false, 0, 0);
  }

  private bufferOf(name: string): WebGLBuffer {
    const buffer = this.buffers.get(name) ?? this.gl.createBuffer();
    this.buffers.set(name, buffer);
    return buffer;
  }
}

function placed(places: Float32Array): Float32Array {
  return places.map((place) => (Number.isNaN(place) ? NOWHERE : place));
}

function linked(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  gl.attachShader(program, compiled(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compiled(gl, gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`the points can't be drawn: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}

function compiled(gl: WebGL2RenderingContext, kind: number, text: string): WebGLShader {
  const shader = gl.createShader(kind)!;
  gl.shaderSource(shader, text);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) {
    throw new Error(`the points can't be drawn: ${gl.getShaderInfoLog(shader)}`);
  }
  return shader;
}
