import Logging
import StructureFiles

extension StructureReader {
    /// Warns of what people should know about how the file was understood.
    func tellRemarks() {
        for remark in remarks { Logger(label: "apus").warning("\(remark)") }
    }
}
