set xlabel "machines, with twenty units each"
set ylabel "placements/s"
set logscale xy
set xrange [80:6500]
set yrange [100000:*]
set xtics (100, 300, "1,000" 1000, "3,000" 3000, "5,000" 5000)
set ytics ("100,000" 100000, "200,000" 200000, "500,000" 500000, "1,000,000" 1000000, "2,000,000" 2000000, "5,000,000" 5000000)
plot for [i=0:N-1] SERIES(i) using 1:2 with linespoints lw 2 pt i+4 ps 0.8 lc rgb COLOURS[i+1]
