// Package stats holds the numbers behind a verdict and nothing else: order
// statistics, the sequential count test, corrections for looking at several
// signals, variance of dependent series, intervals and the break of a series.
//
// Every function is a pure map from numbers to numbers; the package imports no
// more than math, slices and sort. Missing ticks are NaN and are skipped wherever
// a function says so. What is not here on purpose: t-tests, Mann-Whitney and
// their kin. They take each tick for an independent draw, and on production
// series, which drift and remember, they cry wolf in four comparisons of ten.
package stats
