# Reads a file and does with it what scripts do.
require "digest"
require "json"

Entry = Struct.new(:word, :count) do
  include Comparable
  def <=>(other) = [-count, word] <=> [-other.count, other.word]
end

text = File.read(ARGV[0])
puts Digest::SHA256.hexdigest(text)
entries = text.downcase.scan(/[a-z_]+/).tally.map { |word, count| Entry.new(word, count) }.sort
puts JSON.generate(entries.first(6).map(&:to_a))

def queens(size, row = 0, columns = [])
  return 1 if row == size

  count = 0
  size.times do |column|
    free = columns.each_with_index.none? { |c, r| c == column || (c - column).abs == row - r }
    count += queens(size, row + 1, columns + [column]) if free
  end
  count
end
p (1..5).map { |size| queens(size) }

fibonacci = Enumerator.new do |out|
  a, b = 0, 1
  loop { out << a; a, b = b, a + b }
end
p fibonacci.lazy.select(&:even?).first(12)
p 3**200, Rational(22, 7).to_f, Complex(1, 2)**3, 10.digits(2)

begin
  Integer("twelve")
rescue ArgumentError => error
  puts "rescued: #{error.message}"
ensure
  printf("%08.3f|%-6s|%x\n", 2.0 / 3, "ab", 255)
end
case {kind: "point", at: [3, 4]}
in {kind: "point", at: [x, y]} then puts "matched #{Math.hypot(x, y)}"
end
exit 3
