// The operations of a cell's interior vertices, by label.
export const OP_NAMES = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"] as const;

/** The names as small drawings have them. */
export const SHORT_NAMES = ["3×3", "1×1", "pool"] as const;
