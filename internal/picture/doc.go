// Package picture draws the plots of a stored verdict, as SVG and as PNG: for chats, mail, pull requests, and pages
// that are read without JavaScript. It shows the numbers that the plots of the page show (dashboards/web), with the
// words of internal/report. Nothing here decides, asks a store or reads a clock: an equal Subject gives equal bytes.
//
//	subject.go   what is shown: one look of one watch, and which of its signals
//	layout.go    where everything stands
//	panel.go     one signal: its line, band and limit
//	marks.go     the moments that matter, with labels that do not overlap
//	axes.go      the ticks of both axes
//	text.go      how wide text is, and what fits
//	shape.go     a drawing as a list of shapes, which svg.go writes and png.go paints
//
// Names of services, versions and signals come from outside. They are bounded by the width that they may take, and
// escaped where the SVG is written.
//
// See adr/0129.
package picture
