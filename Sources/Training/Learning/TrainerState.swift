/// All that a training needs to go on as if it had never stopped.
struct TrainerState: Equatable {
    var epoch: Int
    var weights: [Double]
    var first: [Double]
    var second: [Double]
    var largest: [Double]
    var steps: Int
    var rateSquares = 0.0
    var average: [Double]
    var averageUpdates: Int
    var schedule: LearningRateSchedule.State
    /// The score (`KeptEpoch.score`) and the epoch of the kept potential, and seconds trained.
    var keptScore = Double.infinity
    var keptEpoch = 0
    /// What `early_stopping` compares with: the last validation loss that was lower by `min_delta`, and its epoch.
    var progressLoss = Double.infinity
    var progressEpoch = 0
    var seconds = 0.0
}
