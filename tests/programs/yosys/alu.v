// A 4-bit arithmetic unit with a registered result.
module alu(input clk, input rst, input [2:0] op, input [3:0] a, input [3:0] b,
           output reg [3:0] y, output reg zero);
  reg [3:0] next;
  always @* begin
    case (op)
      3'd0: next = a + b;
      3'd1: next = a - b;
      3'd2: next = a & b;
      3'd3: next = a | b;
      3'd4: next = a ^ b;
      3'd5: next = a << b[1:0];
      3'd6: next = {3'd0, a < b};
      default: next = y;
    endcase
  end
  always @(posedge clk)
    if (rst) begin
      y <= 0;
      zero <= 1;
    end else begin
      y <= next;
      zero <= next == 0;
    end
endmodule
